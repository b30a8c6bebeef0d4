(** * C-EP tends to EP as the learning rate vanishes

    At any fixed [beta], small or not, and with one learning rate or an operator of rates: as
    [eta -> 0] the second phase of C-EP tends to that of EP, and [(theta_K - theta) / eta] tends to
    EP's one update.  Nothing is supposed but continuity along EP's own trajectory: no steady
    state, no derivative.

    Idea.  At [eta = 0] the parameters stand still and the phase is EP's; each step is continuous,
    and the updates of the steps telescope at [eta = 0]. *)

From Coq Require Import Reals Lra List Lia.
From Coquelicot Require Import Coquelicot.
From CEP Require Import Algebra Limits Gradients Dynamics LinearResponse Network AugmentedPrimitive.
From CEP Require Export FurtherVocabulary.
Set Implicit Arguments.
Open Scope R_scope.

Section VanishingRate.
Variables State Param : NM.
Notation Z := (prod_NormedModule R_AbsRing State Param).
Notation ZS := (prod_NormedModule R_AbsRing Z State).
Variables (F : State * Param -> State) (grad_ell : State -> State) (rule : (State * Param) * State -> Param).
Variables (s_star : State) (theta : Param) (beta : R).
Let ep t := ep_phase F grad_ell s_star theta beta t.
Let phase eta t := nudged_phase F grad_ell rule s_star theta beta eta t.
Hypothesis F_cont : forall t, continuous (F : Z -> State) (ep t, theta).
Hypothesis grad_ell_cont : forall t, continuous grad_ell (ep t).
Hypothesis rule_cont : forall t, continuous (rule : ZS -> Param) ((ep t, theta), ep (S t)).

Lemma phase_tends_to_ep t : filterlim (fun eta => phase eta t : Z) (locally (0:R)) (locally ((ep t, theta) : Z)).
Proof.
induction t as [|t IH]. exact (filterlim_const ((s_star, theta) : Z)).
assert (Hs := @flim_fst R (locally (0:R)) _ State Param _ _ IH).
assert (Hs' : filterlim (fun eta => fst (phase eta (S t))) (locally (0:R)) (locally (ep (S t)))).
{ apply (@flim_minus R (locally (0:R)) _ State (fun eta => F (phase eta t)) (fun eta => scal (beta : R_AbsRing) (grad_ell (fst (phase eta t))))).
  - eapply filterlim_comp. exact IH. exact (F_cont t).
  - apply (@flim_scal R (locally (0:R)) _ State). apply filterlim_const. eapply filterlim_comp. exact Hs. exact (grad_ell_cont t). }
apply (@flim_pair R (locally (0:R)) _ State Param (fun eta => fst (phase eta (S t))) (fun eta => snd (phase eta (S t))) _ _ Hs').
assert (E : theta = plus theta (scal (0 : R_AbsRing) (rule ((ep t, theta), ep (S t))))) by module Param.
replace (locally theta) with (locally (plus theta (scal (0 : R_AbsRing) (rule ((ep t, theta), ep (S t)))))) by now rewrite <- E.
apply (@flim_plus R (locally (0:R)) _ Param). exact (@flim_snd R (locally (0:R)) _ State Param _ _ IH).
apply (@flim_scal R (locally (0:R)) _ Param). apply scaled_to_0.
eapply filterlim_comp. exact (@flim_pair R (locally (0:R)) _ Z State _ _ _ _ IH Hs'). exact (rule_cont t).
Qed.

(** The update of the parameters in the step from [t], divided by [eta]. *)
Hypothesis beta_nonzero : beta <> 0.
Lemma step_update_limit t :
  filterlim (fun eta => Delta_theta F grad_ell rule s_star theta beta eta t) (locally' (0:R))
    (locally (scal (/ beta : R_AbsRing) (rule ((ep t, theta), ep (S t))))).
Proof.
apply filterlim_ext_loc with (fun eta => scal (/ beta : R_AbsRing) (rule (phase eta t, fst (phase eta (S t))))).
{ refine (@filter_imp R (locally' (0:R)) _ _ _ _ ne0'). intros e He. unfold Delta_theta, phase; simpl. module_field Param. }
apply flim_to'. apply (@flim_scal R (locally (0:R)) _ Param). apply filterlim_const.
eapply filterlim_comp; [|exact (rule_cont t)].
exact (@flim_pair R (locally (0:R)) _ Z State _ _ _ _ (phase_tends_to_ep t)
  (@flim_fst R (locally (0:R)) _ State Param _ _ (phase_tends_to_ep (S t)))).
Qed.
(** All updates up to [t] together. *)
Lemma total_update_limit t :
  filterlim (fun eta => scal (/ eta : R_AbsRing) (minus (snd (phase eta t)) theta)) (locally' (0:R))
    (locally (scal (/ beta : R_AbsRing) (partial_sum (fun i => rule ((ep i, theta), ep (S i))) t))).
Proof.
induction t as [|t IH].
- eapply filterlim_ext; [|apply filterlim_const]. intros e. unfold phase; simpl. module Param.
- assert (E : scal (/ beta : R_AbsRing) (partial_sum (fun i => rule ((ep i, theta), ep (S i))) (S t))
    = plus (scal (/ beta : R_AbsRing) (partial_sum (fun i => rule ((ep i, theta), ep (S i))) t)) (scal (/ beta : R_AbsRing) (rule ((ep t, theta), ep (S t))))).
  { simpl. module Param. }
  rewrite E. eapply filterlim_ext; [|exact (@flim_plus R (locally' (0:R)) _ Param _ _ _ _ IH (step_update_limit t))].
  intros e. unfold Delta_theta. fold (phase e t). fold (phase e (1 + t)). change (1 + t)%nat with (S t). module Param.
Qed.
End VanishingRate.

(** ** C-EP *)

Section CepToEp.
Variable N : network.
Variables (rates : Param N -> Param N) (beta : R).
Hypothesis rates_linear : is_linear rates.
Hypothesis beta_nonzero : beta <> 0.

Hypothesis along : continuous_along_ep N beta.
Local Notation rule := (fun p => rates (ep_rule (Phi_theta N) p)).

Lemma rates_rule_cont t : continuous (rule : prod_NormedModule R_AbsRing (joint N) (State N) -> Param N) ((ep N beta t, theta N), ep N beta (S t)).
Proof.
set (q := ((ep N beta t, theta N), ep N beta (S t)) : prod_NormedModule R_AbsRing (joint N) (State N)).
apply (@continuous_comp (prod_NormedModule R_AbsRing (joint N) (State N)) (Param N) (Param N) (ep_rule (Phi_theta N)) rates).
2: apply linear_cont; exact rates_linear.
unfold ep_rule. apply (@flim_minus _ (locally q) _ (Param N)).
- apply (@continuous_comp (prod_NormedModule R_AbsRing (joint N) (State N)) (joint N) (Param N) (fun p => (snd p, snd (fst p)) : joint N) (Phi_theta N)).
  apply linear_cont, LearningRules.lin_swap. exact (proj1 (proj2 (along (S t)))).
- apply (@continuous_comp (prod_NormedModule R_AbsRing (joint N) (State N)) (joint N) (Param N) (fun p => fst p) (Phi_theta N)).
  apply linear_cont. exact (@is_linear_fst R_AbsRing (joint N) (State N)). exact (proj1 (proj2 (along t))).
Qed.

Lemma rule_sum t : partial_sum (fun i => rule ((ep N beta i, theta N), ep N beta (S i))) t
  = rates (minus (Phi_theta N (ep N beta t, theta N)) (Phi_theta N (s_star N, theta N))).
Proof.
induction t as [|t IH]; simpl.
- assert (E : minus (Phi_theta N (s_star N, theta N)) (Phi_theta N (s_star N, theta N)) = zero) by module (Param N).
  rewrite E. symmetry. exact (linear_zero _ rates_linear).
- unfold ep_rule at 2; simpl. etransitivity. apply (f_equal (fun v => plus v _) IH).
  etransitivity. symmetry. exact (linear_plus _ rates_linear _ _). f_equal. module (Param N).
Qed.

Theorem cep_tends_to_ep t :
  filterlim (fun eta => fst (cep_with_rates N rates beta eta t)) (locally (0:R)) (locally (ep N beta t)) /\
  filterlim (fun eta => scal (/ eta : R_AbsRing) (minus (snd (cep_with_rates N rates beta eta t)) (theta N))) (locally' (0:R))
    (locally (scal (/ beta : R_AbsRing) (rates (minus (Phi_theta N (ep N beta t, theta N)) (Phi_theta N (s_star N, theta N)))))).
Proof.
split.
- exact (@flim_fst R (locally (0:R)) _ (State N) (Param N) _ _ (@phase_tends_to_ep _ _ (F N) (grad_ell N) rule (s_star N) (theta N) beta
    (fun t => proj1 (along t)) (fun t => proj2 (proj2 (along t))) rates_rule_cont t)).
- rewrite <- rule_sum.
  exact (@total_update_limit _ _ (F N) (grad_ell N) rule (s_star N) (theta N) beta
    (fun t => proj1 (along t)) (fun t => proj2 (proj2 (along t))) rates_rule_cont beta_nonzero t).
Qed.
End CepToEp.

(** With one rate, step by step too. *)
Theorem cep_updates_tend_to_ep (N : network) (beta : R) (t : nat) : beta <> 0 -> continuous_along_ep N beta ->
  filterlim (fun eta => Delta_state N t beta eta) (locally (0:R)) (locally (ep_Delta_state N t beta)) /\
  filterlim (fun eta => Delta_param N t beta eta) (locally' (0:R)) (locally (ep_Delta_param N t beta)).
Proof.
intros Hb along. assert (L := @is_linear_id R_AbsRing (Param N)).
split.
- unfold Delta_state, Delta_s, ep_Delta_state.
  apply (@flim_scal R (locally (0:R)) _ (State N)). apply filterlim_const.
  exact (@flim_minus R (locally (0:R)) _ (State N) _ _ _ _ (proj1 (@cep_tends_to_ep N (fun v => v) beta L Hb along (1 + t)))
    (proj1 (@cep_tends_to_ep N (fun v => v) beta L Hb along t))).
- exact (@step_update_limit _ _ (F N) (grad_ell N) (fun p => ep_rule (Phi_theta N) p) (s_star N) (theta N) beta
    (fun t => proj1 (along t)) (fun t => proj2 (proj2 (along t))) (@rates_rule_cont N (fun v => v) beta L along) Hb t).
Qed.
