(** * C-EP is EP in an augmented primitive function

    [Phi] is affine in [theta]: [Phi(s, theta) = Phi(s, 0) + <phi(s), theta>], as in every
    layered network.  Then C-EP on [Phi] is exactly EP on
    [Phi~(s, theta) = Phi(s, theta) + kappa/2 |phi(s) - phi(s_star)|^2], [kappa = eta / beta]:

    - [conservation_law]: [theta_t - kappa phi(s_t)] is constant along the second phase, as
      the increments [kappa (phi(s_(t+1)) - phi(s_t))] telescope;
    - [cep_is_ep_in_augmented]: so the neurons see [theta + kappa (phi(s) - phi(s_star))], a
      function of their state, and [F] at these parameters is the gradient of [Phi~] in [s]
      ([AugmentedGradient.v]); with one learning rate per layer [kappa] is an operator;
    - [ep_theorem]: EP's theorem, at fixed parameters;
    - [cep_at_fixed_ratio], [augmented_gradients_limit]: at a fixed ratio [kappa] C-EP follows
      BPTT of the network with [Phi~], which tends to BPTT of the network as [kappa -> 0];
    - [theorem1_by_ep]: Theorem 1 in the paper's order of limits, from the two above.

    A mini-batch of samples that share [theta] is in [MiniBatch.v]. *)

From Coq Require Import Reals Lra List Lia.
From Coquelicot Require Import Coquelicot.
From CEP Require Import Algebra Limits Gradients Dynamics Bptt LearningRules LinearResponse.
From CEP Require Import Potential Network AugmentedGradient.
From CEP Require Export Vocabulary.
Set Implicit Arguments.
Open Scope R_scope.

(** ** Vocabulary *)

Definition uniform_rate (N : network) (kappa : R) (v : Param N) : Param N := scal (kappa : R_AbsRing) v.

(** ** Theorem 2 *)

Section Theorem2.
Variable N : network.
Hypothesis affine : affine_in_theta N.
Hypothesis primitive : primitive_function_everywhere N.

(** [Phi_theta] does not depend on [theta]. *)
Lemma Phi_theta_state s th : Phi_theta N (s, th) = phi N s.
Proof.
apply (gradient_unique (ip := dot_param N) (f := fun v => Phi N (s, v)) (p := th) (dot_param_inner N)).
- exact (gradient_param_part (dot_state_inner N) (primitive (s, th))).
- exact (affine_gradient_param (dot_param_inner N) affine s th).
Qed.

Section Rates.
Variables (rates : Param N -> Param N) (beta eta : R).
Hypothesis rates_linear : is_linear rates.
Let K (v : Param N) : Param N := scal (eta / beta : R_AbsRing) (rates v).

(** The conservation law: [theta_t - kappa phi(s_t)] is the same for every [t]. *)
Theorem conservation_law (t : nat) :
  let s t := fst (cep_with_rates N rates beta eta t) in
  let th t := snd (cep_with_rates N rates beta eta t) in
  minus (th t) (K (phi N (s t))) = minus (theta N) (K (phi N (s_star N))).
Proof. exact (@conservation _ _ (F N) (Phi_theta N) (grad_ell N) (s_star N) (theta N) rates (@phi N) rates_linear Phi_theta_state beta eta t). Qed.

(** For every [beta], [eta] and [t], with no limit taken: C-EP's neurons are EP's in the
    augmented primitive function, whose gradient the transition function of [augmented] is,
    and C-EP's parameters after [t] steps are EP's one update there. *)
Theorem cep_is_ep_in_augmented :
  bounded_inner_product (Param N) (dot_param N) -> self_adjoint (Param N) (dot_param N) rates -> phi_differentiable N ->
  primitive_function_everywhere (augmented N K) /\
  forall t,
  fst (cep_with_rates N rates beta eta t) = ep (augmented N K) beta t /\
  snd (cep_with_rates N rates beta eta t) = ep_update (augmented N K) rates beta eta t.
Proof.
intros HB Hsym Hphi.
assert (K_linear : is_linear K).
{ exact (@is_linear_comp R_AbsRing _ _ _ rates (fun v => scal (eta / beta : R_AbsRing) v) rates_linear (@is_linear_scal_r R_AbsRing _ (eta / beta : R_AbsRing) Rmult_comm)). }
assert (K_sym : self_adjoint (Param N) (dot_param N) K).
{ intros x y. unfold K. rewrite (ipSl (dot_param_inner N)), (ipSr (dot_param_inner N)). f_equal. apply Hsym. }
assert (T : forall t, fst (cep_with_rates N rates beta eta t) = ep (augmented N K) beta t).
{ intros t. exact (@state_is_ep _ _ (F N) (Phi_theta N) (grad_ell N) (s_star N) (theta N) rates (@phi N) rates_linear Phi_theta_state beta eta t). }
split.
- intros [s th].
  assert (X := @augmented_gradient _ _ (dot_state N) _ (dot_param_inner N) HB _ _ K (phi N (s_star N)) K_linear K_sym affine (F N) (Phi_theta N) s th (Hphi s) (primitive _)).
  cbv zeta in X. rewrite Phi_theta_state in X. rewrite <- (Phi_theta_state s th) in X. exact X.
- intros t. split. apply T.
  assert (E := @param_telescopes _ _ (F N) (Phi_theta N) (grad_ell N) (s_star N) (theta N) rates (@phi N) rates_linear Phi_theta_state beta eta t).
  unfold ep_update. rewrite <- T. cbn [augmented Phi_theta theta s_star State Param].
  rewrite !Phi_theta_state. exact E.
Qed.
End Rates.
End Theorem2.

(** ** EP's theorem *)

Lemma ep_is_frozen_phase (State Param : NM) (F : State * Param -> State) (grad_ell : State -> State) rule s_star theta beta t :
  nudged_phase F grad_ell rule s_star theta beta 0 t = (ep_phase F grad_ell s_star theta beta t, theta).
Proof.
induction t as [|t IH]. reflexivity.
cbn [nudged_phase ep_phase]. rewrite IH. unfold nudged_step. cbn [fst snd]. apply f_equal.
unfold Rdiv. rewrite Rmult_0_l. module Param.
Qed.

(** EP's theorem: at fixed parameters, as [beta -> 0], the normalised updates tend to minus
    BPTT's gradients. *)
Theorem ep_theorem (N : network) (t : nat) (g_s : State N) (g_th : Param N) :
  has_primitive_function N -> twice_differentiable N -> loss_differentiable N -> settled N ->
  is_nabla_s N t g_s -> is_nabla_theta N t g_th ->
  filterlim (ep_Delta_state N t) (locally' (0:R)) (locally (opp g_s)) /\
  filterlim (ep_Delta_param N t) (locally' (0:R)) (locally (opp g_th)).
Proof.
intros HP [DF [DPhi [HF HPhi]]] [Hl Hc] HS Hgs Hgth.
destruct (@bptt_gradients _ _ _ _ (dot_state_inner N) (dot_param_inner N) _ _ _ _ _ _ _ HP _ _ HF HPhi Hl HS t) as [G1 G2].
rewrite (gradient_unique (dot_state_inner N) Hgs G1), (gradient_unique (dot_param_inner N) Hgth G2).
assert (LJ := @dF_ds_linear _ _ _ _ _ _ HF). assert (LB := @dF_dtheta_linear _ _ _ _ _ _ HF). assert (LC := @dPhi_theta_ds_linear _ _ _ _ _ _ HPhi).
destruct (@Delta_limit_closed _ _ (F N) (grad_ell N) (ep_rule (Phi_theta N)) (s_star N) (theta N) _ _ _ LJ LB LC HS
  (@ep_rule_at_rest _ _ (Phi_theta N) (s_star N) (theta N)) (@F_diff_split _ _ _ _ _ _ HF) (@ep_rule_diff _ _ _ _ _ _ HPhi) Hc
  R (locally' (0:R)) _ (fun b => b) (fun _ => 0) 0 id_to0' ne0' zero_div' t) as [L1 [L2 _]].
rewrite (iterate_ext (modified_jacobian (dF_ds DF) (dF_dtheta DF) (dPhi_theta_ds DPhi) 0) (dF_ds DF) t (grad_ell N (s_star N)) (@modified_jacobian_0 _ _ _ _ _)) in L1, L2.
split.
- eapply filterlim_ext; [|exact L1]. intros b. unfold Delta_s. rewrite !ep_is_frozen_phase. reflexivity.
- assert (E : opp (dPhi_theta_ds DPhi (iterate (dF_ds DF) t (grad_ell N (s_star N)))) = dPhi_theta_ds DPhi (opp (iterate (dF_ds DF) t (grad_ell N (s_star N))))) by (symmetry; exact (linear_opp _ _ LC)).
  rewrite E. eapply filterlim_ext; [|exact L2]. intros b. cbv beta. rewrite !ep_is_frozen_phase. reflexivity.
Qed.

(** ** Theorem 1 again *)

Definition augmented_at (N : network) (kappa : R) : network := augmented N (uniform_rate N kappa).

Lemma scaled_to_0 (beta : R) : filterlim (fun eta : R => eta / beta) (locally (0:R)) (locally (0:R)).
Proof.
assert (H := @filterlim_scal_l R_AbsRing R_NormedModule 0 (/ beta)).
assert (E : scal (0 : R_AbsRing) (/ beta : R_NormedModule) = 0) by (change (0 * / beta = 0); ring).
rewrite E in H. exact H.
Qed.

Section Consequences.
Variable N : network.
Hypothesis affine : affine_in_theta N.
Hypothesis primitive : primitive_function_everywhere N.
Hypothesis phi_diff : phi_differentiable N.
Hypothesis bounded : bounded_inner_product (Param N) (dot_param N).

Lemma uniform_rate_linear kappa : is_linear (uniform_rate N kappa).
Proof. exact (@is_linear_scal_r R_AbsRing _ (kappa : R_AbsRing) Rmult_comm). Qed.

Lemma cep_is_ep_at (beta eta kappa : R) (t : nat) : eta / beta = kappa ->
  primitive_function_everywhere (augmented_at N kappa) /\
  fst (cep N beta eta t) = ep (augmented_at N kappa) beta t /\
  snd (cep N beta eta t) = ep_update (augmented_at N kappa) (fun v => v) beta eta t.
Proof.
intros <-.
destruct (@cep_is_ep_in_augmented N affine primitive (fun v => v) beta eta is_linear_id bounded (fun x y => eq_refl) phi_diff) as [P T].
split. exact P. exact (T t).
Qed.

Lemma augmented_primitive (kappa : R) : has_primitive_function (augmented_at N kappa).
Proof.
destruct (@cep_is_ep_at 1 kappa kappa 0) as [P _]. field.
unfold has_primitive_function, primitive_function. apply filter_forall. exact P.
Qed.

Lemma augmented_settled kappa : settled N -> settled (augmented_at N kappa).
Proof.
intros HS. unfold settled. etransitivity; [|exact HS].
exact (@augmented_F_at_rest _ _ (F N) (@phi N) (uniform_rate N kappa) (s_star N) (uniform_rate_linear kappa) (theta N)).
Qed.

Lemma augmented_derivatives DF DPhi Dphi kappa : derivatives N DF DPhi -> filterdiff (@phi N) (locally (s_star N)) Dphi ->
  derivatives (augmented_at N kappa) (fun h => DF (fst h, plus (snd h) (scal (kappa : R_AbsRing) (Dphi (fst h))))) DPhi.
Proof.
intros [HF HPhi] HD. split; [|exact HPhi].
exact (@augmented_F_diff _ _ (F N) (@phi N) (uniform_rate N kappa) (s_star N) (theta N) DF Dphi (uniform_rate_linear kappa) HF HD).
Qed.

(** [beta -> 0] at a fixed ratio [kappa = eta / beta]: by EP's theorem, C-EP follows BPTT in
    the augmented network. *)
Theorem cep_at_fixed_ratio (kappa : R) (t : nat) (G_s : State N) (G_th : Param N) :
  twice_differentiable N -> loss_differentiable N -> settled N ->
  is_nabla_s (augmented_at N kappa) t G_s -> is_nabla_theta (augmented_at N kappa) t G_th ->
  filterlim (fun beta => Delta_state N t beta (kappa * beta)) (locally' (0:R)) (locally (opp G_s)) /\
  (kappa <> 0 -> filterlim (fun beta => Delta_param N t beta (kappa * beta)) (locally' (0:R)) (locally (opp G_th))).
Proof.
intros [DF [DPhi HD]] Hl HS Hgs Hgth.
destruct (phi_diff (s_star N)) as [Dphi HDphi].
assert (HD' : twice_differentiable (augmented_at N kappa)).
{ do 2 eexists. exact (augmented_derivatives kappa HD HDphi). }
destruct (@ep_theorem (augmented_at N kappa) t G_s G_th (augmented_primitive kappa) HD' Hl (augmented_settled kappa HS) Hgs Hgth) as [L1 L2].
assert (ratio : forall beta, beta <> 0 -> kappa * beta / beta = kappa) by (intros; field; auto).
split; [|intros Hk].
- eapply filterlim_ext_loc; [|exact L1].
  refine (@filter_imp R (locally' (0:R)) _ _ _ _ ne0'). intros beta Hb.
  unfold ep_Delta_state, Delta_state, Delta_s.
  destruct (cep_is_ep_at t (ratio beta Hb)) as [_ [E1 _]]. destruct (cep_is_ep_at (1 + t) (ratio beta Hb)) as [_ [E2 _]].
  unfold cep in E1, E2. rewrite E1, E2. reflexivity.
- eapply filterlim_ext_loc; [|exact L2].
  refine (@filter_imp R (locally' (0:R)) _ _ _ _ ne0'). intros beta Hb.
  unfold ep_Delta_param, Delta_param, Delta_theta.
  destruct (cep_is_ep_at t (ratio beta Hb)) as [_ [_ E1]]. destruct (cep_is_ep_at (1 + t) (ratio beta Hb)) as [_ [_ E2]].
  unfold cep in E1, E2. rewrite E1, E2. unfold ep_update.
  cbn [augmented_at augmented Phi_theta theta s_star State Param].
  module_field (Param N).
Qed.

(** ... and as [kappa -> 0] the gradients of the augmented network tend to those of the network. *)
Theorem augmented_gradients_limit (t : nat) (g_s : State N) (g_th : Param N) :
  twice_differentiable N -> loss_differentiable N -> settled N ->
  is_nabla_s N t g_s -> is_nabla_theta N t g_th ->
  exists (G_s : R -> State N) (G_th : R -> Param N),
    (forall kappa, is_nabla_s (augmented_at N kappa) t (G_s kappa) /\ is_nabla_theta (augmented_at N kappa) t (G_th kappa)) /\
    filterlim G_s (locally (0:R)) (locally g_s) /\ filterlim G_th (locally (0:R)) (locally g_th).
Proof.
intros [DF [DPhi [HF HPhi]]] [Hl Hc] HS Hgs Hgth.
destruct (phi_diff (s_star N)) as [Dphi HDphi].
assert (HP : has_primitive_function N) by (unfold has_primitive_function, primitive_function; apply filter_forall; exact primitive).
destruct (@bptt_gradients _ _ _ _ (dot_state_inner N) (dot_param_inner N) _ _ _ _ _ _ _ HP _ _ HF HPhi Hl HS t) as [G1 G2].
rewrite (gradient_unique (dot_state_inner N) Hgs G1), (gradient_unique (dot_param_inner N) Hgth G2).
set (DF' := fun (kappa : R) (h : State N * Param N) => DF (fst h, plus (snd h) (scal (kappa : R_AbsRing) (Dphi (fst h))))).
set (g := grad_ell N (s_star N)).
assert (L : filterlim (fun kappa => iterate (dF_ds (DF' kappa)) t g) (locally (0:R)) (locally (iterate (dF_ds DF) t g))).
{ clear -HF HDphi. induction t as [|t IH]. cbn [iterate]. apply filterlim_const.
  cbn [iterate].
  assert (Ez : dF_ds DF (iterate (dF_ds DF) t g) = DF (iterate (dF_ds DF) t g, plus zero (scal (0 : R_AbsRing) (Dphi (iterate (dF_ds DF) t g))))).
  { unfold dF_ds at 1. f_equal. f_equal. module (Param N). }
  rewrite Ez. unfold dF_ds at 1. unfold DF' at 1. cbn [fst snd].
  apply (@filterlim_comp _ _ _ (fun kappa => (iterate (dF_ds (DF' kappa)) t g, plus zero (scal (kappa : R_AbsRing) (Dphi (iterate (dF_ds (DF' kappa)) t g)))) : joint N) DF _
     (locally ((iterate (dF_ds DF) t g, plus zero (scal (0 : R_AbsRing) (Dphi (iterate (dF_ds DF) t g)))) : joint N))).
  - apply (@flim_pair R (locally (0:R)) _ (State N) (Param N) _ _ _ _ IH).
    apply (@flim_plus R (locally (0:R)) _ (Param N)). apply filterlim_const.
    apply (@flim_scal R (locally (0:R)) _ (Param N)). apply filterlim_id.
    eapply filterlim_comp. exact IH. apply (linear_cont Dphi _ (proj1 HDphi)).
  - apply (linear_cont (U := joint N) DF _ (proj1 HF)). }
exists (fun kappa => iterate (dF_ds (DF' kappa)) t g), (fun kappa => dPhi_theta_ds DPhi (iterate (dF_ds (DF' kappa)) t g)).
split; [|split].
- intros kappa. destruct (augmented_derivatives kappa (conj HF HPhi) HDphi) as [HF' HPhi'].
  destruct (@bptt_gradients _ _ _ _ (dot_state_inner (augmented_at N kappa)) (dot_param_inner (augmented_at N kappa)) _ _ _ _ _ _ _
    (augmented_primitive kappa) _ _ HF' HPhi' Hl (augmented_settled kappa HS) t) as [A1 A2].
  split; [exact A1 | exact A2].
- exact L.
- eapply filterlim_comp. exact L. apply (linear_cont (dPhi_theta_ds DPhi) _ (@dPhi_theta_ds_linear _ _ _ _ _ _ HPhi)).
Qed.

Lemma ep_frozen_limit (t : nat) : twice_differentiable N -> loss_differentiable N -> settled N ->
  filterlim (fun beta => ep N beta t) (locally' (0:R)) (locally (s_star N)).
Proof.
intros [DF [DPhi [HF HPhi]]] [Hl Hc] HS.
assert (L := @nudged_phase_limit _ _ (F N) (grad_ell N) (ep_rule (Phi_theta N)) (s_star N) (theta N) (dF_ds DF) (dF_dtheta DF) (dPhi_theta_ds DPhi) HS
  (@ep_rule_at_rest _ _ (Phi_theta N) (s_star N) (theta N)) (@F_diff_split _ _ _ _ _ _ HF) (@ep_rule_diff _ _ _ _ _ _ HPhi) Hc
  R (locally' (0:R)) _ (fun b => b) (fun _ => 0) 0 id_to0' ne0' zero_div' t).
assert (L' := @flim_back R (locally' (0:R)) _ (joint N) (fun b => b) _ (s_star N, theta N) _ id_to0' ne0' L).
assert (L'' := @flim_fst R (locally' (0:R)) _ (State N) (Param N) _ _ L').
eapply filterlim_ext; [|exact L'']. intros b. cbv beta. rewrite ep_is_frozen_phase. reflexivity.
Qed.

Lemma ep_augmented_limit (t : nat) : twice_differentiable N -> loss_differentiable N -> settled N -> continuous_nearby N ->
  locally' (0:R) (fun beta => filterlim (fun eta => ep (augmented_at N (eta / beta)) beta t) (locally (0:R)) (locally (ep N beta t))).
Proof.
intros HD Hl HS [CF [_ Cg]].
induction t as [|t IH].
- apply filter_forall. intros b. change (filterlim (fun _ : R => s_star N) (locally (0:R)) (locally (s_star N))). apply filterlim_const.
- assert (L := ep_frozen_limit t HD Hl HS).
  assert (Lz : filterlim (fun beta => (ep N beta t, theta N) : joint N) (locally' (0:R)) (locally ((s_star N, theta N) : joint N))).
  { apply (@flim_pair R (locally' (0:R)) _ (State N) (Param N) _ _ _ _ L). apply filterlim_const. }
  assert (N1 := Lz _ CF). assert (N2 := L _ Cg). unfold filtermap in N1, N2.
  assert (HH := filter_and _ _ IH (filter_and _ _ N1 N2)).
  refine (@filter_imp R (locally' (0:R)) _ _ _ _ HH). intros beta [I1 [I2 I3]].
  set (s := fun eta => ep (augmented_at N (eta / beta)) beta t) in *.
  apply (@flim_minus R (locally (0:R)) _ (State N)
     (fun eta => F N (s eta, plus (theta N) (scal (eta / beta : R_AbsRing) (minus (phi N (s eta)) (phi N (s_star N))))))
     (fun eta => scal (beta : R_AbsRing) (grad_ell N (s eta)))).
  + eapply filterlim_comp; [|exact I2].
    apply (@flim_pair R (locally (0:R)) _ (State N) (Param N) _ _ _ _ I1).
    assert (E : theta N = plus (theta N) (scal (0 : R_AbsRing) (minus (phi N (ep N beta t)) (phi N (s_star N))))) by module (Param N).
    replace (locally (theta N)) with (locally (plus (theta N) (scal (0 : R_AbsRing) (minus (phi N (ep N beta t)) (phi N (s_star N)))))) by now rewrite <- E.
    apply (@flim_plus R (locally (0:R)) _ (Param N)). apply filterlim_const.
    apply (@flim_scal R (locally (0:R)) _ (Param N)).
    { apply scaled_to_0. }
    apply (@flim_minus R (locally (0:R)) _ (Param N)). 2: apply filterlim_const.
    eapply filterlim_comp. exact I1.
    apply (@filterdiff_continuous R_AbsRing (State N) (Param N)). apply phi_diff.
  + apply (@flim_scal R (locally (0:R)) _ (State N)). apply filterlim_const.
    eapply filterlim_comp. exact I1. exact I3.
Qed.

(** Theorem 1 in the paper's order of limits, for [Phi] affine in [theta]: at a fixed [beta],
    C-EP is EP in the primitive function augmented with [kappa = eta / beta], which tends to
    EP in [Phi] as [eta -> 0]; EP's theorem then takes [beta -> 0]. *)
Theorem theorem1_by_ep (t : nat) (g_s : State N) (g_th : Param N) :
  twice_differentiable N -> loss_differentiable N -> continuous_nearby N -> settled N ->
  is_nabla_s N t g_s -> is_nabla_theta N t g_th ->
  iterated_limit (Delta_state N t) (opp g_s) /\ iterated_limit (Delta_param N t) (opp g_th).
Proof.
intros HD Hl HC HS Hgs Hgth.
assert (HP : has_primitive_function N) by (unfold has_primitive_function, primitive_function; apply filter_forall; exact primitive).
destruct (ep_theorem HP HD Hl HS Hgs Hgth) as [L1 L2].
assert (HH := filter_and _ _ (ep_augmented_limit t HD Hl HS HC) (filter_and _ _ (ep_augmented_limit (1 + t) HD Hl HS HC) ne0')).
split.
- exists (ep_Delta_state N t). split; [|exact L1].
  refine (@filter_imp R (locally' (0:R)) _ _ _ _ HH). intros beta [I1 [I2 Hb]].
  apply filterlim_ext with (fun eta => scal (/ beta : R_AbsRing) (minus (ep (augmented_at N (eta / beta)) beta (1 + t)) (ep (augmented_at N (eta / beta)) beta t))).
  { intros eta. unfold Delta_state, Delta_s.
    destruct (cep_is_ep_at (beta := beta) (eta := eta) t eq_refl) as [_ [E1 _]]. destruct (cep_is_ep_at (beta := beta) (eta := eta) (1 + t) eq_refl) as [_ [E2 _]].
    unfold cep in E1, E2. rewrite E1, E2. reflexivity. }
  apply (@flim_to' (State N)).
  apply (@flim_scal R (locally (0:R)) _ (State N) (fun _ => / beta)). apply (@filterlim_const R R_UniformSpace (locally (0:R)) _ (/ beta)).
  apply (@flim_minus R (locally (0:R)) _ (State N) _ _ _ _ I2 I1).
- exists (ep_Delta_param N t). split; [|exact L2].
  refine (@filter_imp R (locally' (0:R)) _ _ _ _ HH). intros beta [I1 [I2 Hb]].
  apply filterlim_ext_loc with (fun eta => scal (/ beta : R_AbsRing) (minus (phi N (ep (augmented_at N (eta / beta)) beta (1 + t))) (phi N (ep (augmented_at N (eta / beta)) beta t)))).
  { unfold locally', within. apply filter_forall. intros eta He. unfold Delta_param, Delta_theta.
    destruct (cep_is_ep_at (beta := beta) (eta := eta) t eq_refl) as [_ [_ E1]]. destruct (cep_is_ep_at (beta := beta) (eta := eta) (1 + t) eq_refl) as [_ [_ E2]].
    unfold cep in E1, E2. rewrite E1, E2. unfold ep_update.
    cbn [augmented_at augmented Phi_theta theta s_star State Param].
    rewrite !(Phi_theta_state affine primitive). module_field (Param N). }
  apply (@flim_to' (Param N)).
  unfold ep_Delta_param. rewrite !(Phi_theta_state affine primitive).
  apply (@flim_scal R (locally (0:R)) _ (Param N) (fun _ => / beta)). apply (@filterlim_const R R_UniformSpace (locally (0:R)) _ (/ beta)).
  assert (cphi : forall s, continuous (@phi N) s).
  { intros s. apply (@filterdiff_continuous R_AbsRing (State N) (Param N)). apply phi_diff. }
  apply (@flim_minus R (locally (0:R)) _ (Param N)).
  eapply filterlim_comp. exact I2. apply cphi.
  eapply filterlim_comp. exact I1. apply cphi.
Qed.
End Consequences.
