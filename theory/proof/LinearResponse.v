(** * The second phase to first order in [beta]

    For any transition [F], nudge and rule that are differentiable at rest, symmetric or not.
    Idea: let [beta -> 0] and [eta / beta -> kappa] along any filter.  By induction on [t] the
    displacement of state and parameters, divided by [beta], tends to the solution of the linear
    recurrence [linear_phase]
      [u_(t+1) = J u_t + B v_t - grad ell],   [v_(t+1) = v_t + kappa C (u_(t+1) - u_t)]
    with [J = dF/ds], [B = dF/dtheta] and [C] the derivative of the rule ([nudged_phase_limit]; each
    step is an application of [hadamard]).  In it [v_t = kappa C u_t], so that
    [u_(t+1) - u_t = -(J + kappa B C)^t grad ell] ([linear_phase_increment]); hence the limits of the
    normalised updates, [Delta_limit_closed].

    The paper's limit ([nudged_phase_iterated_limit]): at a fixed [beta], [eta -> 0] leads by
    continuity to the phase with [eta = 0]; [beta -> 0] is then the case [kappa = 0]. *)

From Coq Require Import Reals Lra List Lia.
From Coquelicot Require Import Coquelicot.
From CEP Require Import Algebra Limits Gradients Dynamics.
From CEP Require Export Vocabulary.
Set Implicit Arguments.
Open Scope R_scope.

Section CEP.
Variables State Param : NM.
Notation Z := (prod_NormedModule R_AbsRing State Param).
Variable F : State * Param -> State.
Variable grad_ell : State -> State.
Variable rule : (State * Param) * State -> Param.   (* of (s, theta) and the next state *)
Variables (s_star : State) (theta : Param).

Local Notation step := (nudged_step F grad_ell rule).
Local Notation phase := (nudged_phase F grad_ell rule s_star theta).
Local Notation D_s := (Delta_s F grad_ell rule s_star theta).
Local Notation D_theta := (Delta_theta F grad_ell rule s_star theta).

(** The derivatives at rest, and the linear recurrence. *)
Variables (J : State -> State) (B : Param -> State) (C : State -> Param).
Fixpoint linear_phase (kappa : R) (t : nat) : State * Param :=
  match t with
  | O => (zero, zero)
  | S t => let u := fst (linear_phase kappa t) in let v := snd (linear_phase kappa t) in
     let u' := minus (plus (J u) (B v)) (grad_ell s_star) in
     (u', plus v (scal (kappa : R_AbsRing) (C (minus u' u))))
  end.

Hypothesis J_linear : is_linear J.
Hypothesis B_linear : is_linear B.
Hypothesis C_linear : is_linear C.
Hypothesis settled : F (s_star, theta) = s_star.
Hypothesis rule_at_rest : rule ((s_star, theta), s_star) = zero.
Hypothesis F_diff : filterdiff (U := Z) F (locally ((s_star, theta) : Z)) (fun h => plus (J (fst h)) (B (snd h))).
Hypothesis rule_diff : filterdiff (U := prod_NormedModule R_AbsRing Z State) rule
   (locally (((s_star, theta), s_star) : prod_NormedModule R_AbsRing Z State))
   (fun h => C (minus (snd h) (fst (fst h)))).
Hypothesis grad_ell_cont : continuous grad_ell s_star.

(** ** The limit along a filter *)

Section Joint.
Context {T : Type} (FF : (T -> Prop) -> Prop) {HF : Filter FF}.
Variables (b e : T -> R) (kappa : R).
Hypothesis Hb : filterlim b FF (locally (0:R)).
Hypothesis Hb0 : FF (fun x => b x <> 0).
Hypothesis Hk : filterlim (fun x => e x / b x) FF (locally (kappa:R)).

Theorem nudged_phase_limit (t : nat) :
  filterlim (fun x => scal (/ b x : R_AbsRing) (minus (phase (b x) (e x) t : Z) ((s_star, theta) : Z))) FF
            (locally (linear_phase kappa t : Z)).
Proof.
induction t as [|t IH].
- simpl. apply filterlim_ext with (fun _ => zero : Z).
  { intros x. symmetry. unfold minus. rewrite plus_opp_r. apply (sc_zero Z). }
  apply flim_cst; auto.
- set (z := fun x => phase (b x) (e x) t) in IH.
  set (s' := fun x => fst (phase (b x) (e x) (S t))).
  set (u := fst (linear_phase kappa t)). set (v := snd (linear_phase kappa t)).
  set (u' := fst (linear_phase kappa (S t))).
  assert (Hz := @flim_back T FF HF Z b z (s_star, theta) _ Hb Hb0 IH).
  assert (Hs : filterlim (fun x => fst (z x)) FF (locally s_star)).
  { apply (@flim_fst T FF HF State Param z (s_star, theta) Hz). }
  assert (H1 := @hadamard T FF HF Z State F _ (s_star, theta) b z _ F_diff Hb Hb0 IH). cbv beta in H1.
  rewrite settled in H1.
  assert (H2 : filterlim (fun x => grad_ell (fst (z x))) FF (locally (grad_ell s_star))).
  { eapply filterlim_comp. exact Hs. exact grad_ell_cont. }
  assert (Hs' : filterlim (fun x => scal (/ b x : R_AbsRing) (minus (s' x) s_star)) FF (locally u')).
  { apply filterlim_ext_loc with
     (fun x => minus (scal (/ b x : R_AbsRing) (minus (F (z x)) s_star)) (grad_ell (fst (z x)))).
    generalize Hb0; apply filter_imp; intros x Hx. unfold s'; simpl. fold (z x).
    module_field State.
    apply (@flim_minus T FF HF State _ _ _ _ H1 H2). }
  assert (Hp : filterlim (fun x => scal (/ b x : R_AbsRing)
             (minus ((z x, s' x) : prod_NormedModule R_AbsRing Z State) (((s_star, theta), s_star) : prod_NormedModule R_AbsRing Z State)))
             FF (locally ((linear_phase kappa t, u') : prod_NormedModule R_AbsRing Z State))).
  { apply (@flim_pair T FF HF Z State _ _ _ _ IH Hs'). }
  assert (H3 := @hadamard T FF HF (prod_NormedModule R_AbsRing Z State) Param rule _ ((s_star, theta), s_star) b
            (fun x => (z x, s' x)) _ rule_diff Hb Hb0 Hp). cbv beta in H3.
  rewrite rule_at_rest in H3. simpl snd in H3; simpl fst in H3.
  assert (IHv : filterlim (fun x => scal (/ b x : R_AbsRing) (minus (snd (z x)) theta)) FF (locally v)).
  { apply (@flim_snd T FF HF State Param _ _ IH). }
  assert (Hth : filterlim (fun x => scal (/ b x : R_AbsRing) (minus (snd (phase (b x) (e x) (S t))) theta)) FF
      (locally (snd (linear_phase kappa (S t))))).
  { apply filterlim_ext with
     (fun x => plus (scal (/ b x : R_AbsRing) (minus (snd (z x)) theta))
        (scal (e x / b x : R_AbsRing) (scal (/ b x : R_AbsRing) (minus (rule (z x, s' x)) zero)))).
    intros x. unfold s'; simpl. fold (z x). module Param.
    apply (@flim_plus T FF HF Param _ _ _ _ IHv).
    apply (@flim_scal T FF HF Param _ _ _ _ Hk H3). }
  generalize (@flim_pair T FF HF State Param _ _ _ _ Hs' Hth). intros HH.
  exact HH.
Qed.

(** The normalised updates. *)
Corollary Delta_s_limit (t : nat) :
  filterlim (fun x => D_s (b x) (e x) t) FF
    (locally (minus (fst (linear_phase kappa (1 + t))) (fst (linear_phase kappa t)))).
Proof.
apply filterlim_ext with (fun x => minus
   (fst (scal (/ b x : R_AbsRing) (minus (phase (b x) (e x) (1 + t) : Z) ((s_star, theta) : Z))))
   (fst (scal (/ b x : R_AbsRing) (minus (phase (b x) (e x) t : Z) ((s_star, theta) : Z))))).
{ intros x. unfold D_s.
  change (minus (scal (/ b x : R_AbsRing) (minus (fst (phase (b x) (e x) (1 + t))) s_star))
                (scal (/ b x : R_AbsRing) (minus (fst (phase (b x) (e x) t)) s_star)) =
    scal (/ b x : R_AbsRing) (minus (fst (phase (b x) (e x) (1 + t))) (fst (phase (b x) (e x) t)))).
  module State. }
apply (@flim_minus T FF HF State).
apply (@flim_fst T FF HF State Param _ _ (nudged_phase_limit (1 + t))).
apply (@flim_fst T FF HF State Param _ _ (nudged_phase_limit t)).
Qed.

Lemma rule_limit (t : nat) :
  filterlim (fun x => scal (/ b x : R_AbsRing) (rule (phase (b x) (e x) t, fst (phase (b x) (e x) (1 + t))))) FF
    (locally (C (minus (fst (linear_phase kappa (1 + t))) (fst (linear_phase kappa t))))).
Proof.
assert (Hs' := @flim_fst T FF HF State Param _ _ (nudged_phase_limit (1 + t))).
assert (Hp : filterlim (fun x => scal (/ b x : R_AbsRing)
             (minus ((phase (b x) (e x) t, fst (phase (b x) (e x) (1 + t))) : prod_NormedModule R_AbsRing Z State) (((s_star, theta), s_star) : prod_NormedModule R_AbsRing Z State)))
             FF (locally ((linear_phase kappa t, fst (linear_phase kappa (1 + t))) : prod_NormedModule R_AbsRing Z State))).
{ apply (@flim_pair T FF HF Z State _ _ _ _ (nudged_phase_limit t) Hs'). }
assert (H3 := @hadamard T FF HF (prod_NormedModule R_AbsRing Z State) Param rule _ ((s_star, theta), s_star) b
            (fun x => (phase (b x) (e x) t, fst (phase (b x) (e x) (1 + t)))) _ rule_diff Hb Hb0 Hp). cbv beta in H3.
rewrite rule_at_rest in H3.
eapply filterlim_ext; [|exact H3]. intros x. simpl. module Param.
Qed.

Corollary Delta_theta_limit (t : nat) : FF (fun x => e x <> 0) ->
  filterlim (fun x => D_theta (b x) (e x) t) FF
    (locally (C (minus (fst (linear_phase kappa (1 + t))) (fst (linear_phase kappa t))))).
Proof.
intros He0. eapply filterlim_ext_loc; [|exact (rule_limit t)].
generalize (filter_and _ _ Hb0 He0); apply filter_imp; intros x [Hbx Hex].
unfold D_theta. simpl. module_field Param.
Qed.
End Joint.

(** ** The linear recurrence in closed form *)
Local Notation modified_jacobian := (modified_jacobian J B C).

Lemma C_zero : C zero = zero. Proof. apply (linear_zero C C_linear). Qed.
Lemma linear_phase_param kappa t : snd (linear_phase kappa t) = scal (kappa : R_AbsRing) (C (fst (linear_phase kappa t))).
Proof.
induction t as [|t IH]; simpl.
rewrite C_zero. symmetry. apply (sc_zero Param).
rewrite IH.
set (u := fst (linear_phase kappa t)). set (u' := minus (plus _ _) (grad_ell s_star)).
assert (E : C (minus u' u) = minus (C u') (C u)) by apply (linear_minus C u' u C_linear).
rewrite E. module Param.
Qed.
Lemma linear_phase_state kappa t : fst (linear_phase kappa (1 + t)) = minus (modified_jacobian kappa (fst (linear_phase kappa t))) (grad_ell s_star).
Proof.
simpl. rewrite linear_phase_param. unfold modified_jacobian.
assert (E : B (scal (kappa : R_AbsRing) (C (fst (linear_phase kappa t)))) = scal (kappa : R_AbsRing) (B (C (fst (linear_phase kappa t)))))
  by apply (linear_scal B B_linear).
now rewrite E.
Qed.
Lemma modified_jacobian_plus kappa x y : modified_jacobian kappa (plus x y) = plus (modified_jacobian kappa x) (modified_jacobian kappa y).
Proof.
unfold modified_jacobian.
assert (E1 : J (plus x y) = plus (J x) (J y)) by apply (linear_plus J J_linear).
assert (E2 : C (plus x y) = plus (C x) (C y)) by apply (linear_plus C C_linear).
assert (E3 : B (plus (C x) (C y)) = plus (B (C x)) (B (C y))) by apply (linear_plus B B_linear).
rewrite E1, E2, E3. module State.
Qed.
Lemma modified_jacobian_opp kappa x : modified_jacobian kappa (opp x) = opp (modified_jacobian kappa x).
Proof.
unfold modified_jacobian.
assert (E1 : J (opp x) = opp (J x)) by apply (linear_opp J x J_linear).
assert (E2 : C (opp x) = opp (C x)) by apply (linear_opp C x C_linear).
assert (E3 : B (opp (C x)) = opp (B (C x))) by apply (linear_opp B (C x) B_linear).
rewrite E1, E2, E3. module State.
Qed.
Lemma modified_jacobian_minus kappa x y : modified_jacobian kappa (minus x y) = minus (modified_jacobian kappa x) (modified_jacobian kappa y).
Proof. unfold minus. rewrite modified_jacobian_plus. now rewrite modified_jacobian_opp. Qed.

Lemma linear_phase_increment kappa t : minus (fst (linear_phase kappa (1 + t))) (fst (linear_phase kappa t)) = opp (iterate (modified_jacobian kappa) t (grad_ell s_star)).
Proof.
induction t as [|t IH].
- rewrite linear_phase_state. simpl.
  assert (E : modified_jacobian kappa zero = zero).
  { replace (zero : State) with (minus (zero : State) (zero : State)) by module State. rewrite modified_jacobian_minus. module State. }
  rewrite E. module State.
- assert (E1 := linear_phase_state kappa (S t)). assert (E2 := linear_phase_state kappa t).
  change (1 + S t)%nat with (S (S t)) in *.
  change (1 + t)%nat with (S t) in *.
  transitivity (modified_jacobian kappa (minus (fst (linear_phase kappa (S t))) (fst (linear_phase kappa t)))).
  { rewrite E1, modified_jacobian_minus. rewrite E2 at 2. module State. }
  rewrite IH. simpl. apply modified_jacobian_opp.
Qed.
Lemma modified_jacobian_0 x : modified_jacobian 0 x = J x.
Proof. unfold modified_jacobian. module State. Qed.

Theorem Delta_limit_closed {T : Type} (FF : (T -> Prop) -> Prop) {HF : Filter FF} (b e : T -> R) (kappa : R) :
  filterlim b FF (locally (0:R)) -> FF (fun x => b x <> 0) ->
  filterlim (fun x => e x / b x) FF (locally (kappa:R)) -> forall t,
  filterlim (fun x => D_s (b x) (e x) t) FF (locally (opp (iterate (modified_jacobian kappa) t (grad_ell s_star)))) /\
  filterlim (fun x => scal (/ b x : R_AbsRing) (rule (phase (b x) (e x) t, fst (phase (b x) (e x) (1 + t))))) FF
     (locally (C (opp (iterate (modified_jacobian kappa) t (grad_ell s_star))))) /\
  (FF (fun x => e x <> 0) ->
   filterlim (fun x => D_theta (b x) (e x) t) FF (locally (C (opp (iterate (modified_jacobian kappa) t (grad_ell s_star)))))).
Proof.
intros Hb Hb0 Hk t.
assert (H1 := @Delta_s_limit T FF HF b e kappa Hb Hb0 Hk t).
assert (H2 := @rule_limit T FF HF b e kappa Hb Hb0 Hk t).
assert (H3 := @Delta_theta_limit T FF HF b e kappa Hb Hb0 Hk t).
rewrite (linear_phase_increment kappa t) in H1, H2, H3. auto.
Qed.

(** ** The paper's order of limits *)
Hypothesis F_cont_near : locally ((s_star, theta) : Z) (fun z => continuous (F : Z -> State) z).
Hypothesis grad_ell_cont_near : locally s_star (fun s => continuous grad_ell s).
Hypothesis rule_cont_near : locally (((s_star, theta), s_star) : prod_NormedModule R_AbsRing Z State)
   (fun p => continuous (rule : prod_NormedModule R_AbsRing Z State -> Param) p).

(* With eta = 0 the phase returns to rest as beta -> 0 ... *)
Lemma nudged_phase_beta0 (t : nat) : filterlim (fun b => phase b 0 t : Z) (locally' (0:R)) (locally ((s_star, theta) : Z)).
Proof.
assert (Hb := id_to0'). assert (Hb0 := ne0'). assert (Hk := zero_div').
apply (@flim_back R (locally' (0:R)) _ Z (fun b => b) (fun b => phase b 0 t) (s_star, theta) _ Hb Hb0
   (@nudged_phase_limit R (locally' (0:R)) _ (fun b => b) (fun _ => 0) 0 Hb Hb0 Hk t)).
Qed.

(* ... and at a small fixed beta it is the limit of the phases with eta -> 0. *)
Lemma nudged_phase_eta0 (t : nat) : locally' (0:R) (fun b =>
   filterlim (fun e => phase b e t : Z) (locally (0:R)) (locally (phase b 0 t : Z))).
Proof.
induction t as [|t IH].
- apply filter_forall. intros b. simpl. apply filterlim_const.
- assert (Hz := @nudged_phase_beta0 t).
  assert (Hs' := @flim_fst R (locally' (0:R)) _ State Param _ _ (@nudged_phase_beta0 (S t))).
  assert (Hzs := @flim_pair R (locally' (0:R)) _ Z State _ _ _ _ Hz Hs').
  assert (Hs := @flim_fst R (locally' (0:R)) _ State Param _ _ Hz).
  assert (N1 : locally' (0:R) (fun b : R => continuous (F : Z -> State) (phase b 0 t))) by exact (Hz _ F_cont_near).
  assert (N2 : locally' (0:R) (fun b : R => continuous grad_ell (fst (phase b 0 t)))) by exact (Hs _ grad_ell_cont_near).
  assert (N3 : locally' (0:R) (fun b : R => continuous (rule : prod_NormedModule R_AbsRing Z State -> Param)
     (phase b 0 t, fst (phase b 0 (S t))))) by exact (Hzs _ rule_cont_near).
  assert (HH := filter_and _ _ IH (filter_and _ _ N1 (filter_and _ _ N2 N3))).
  refine (@filter_imp R (locally' (0:R)) _ _ _ _ HH). intros b [I1 [I2 [I3 I4]]].
  assert (Hs1 : filterlim (fun e => fst (phase b e (S t))) (locally (0:R)) (locally (fst (phase b 0 (S t))))).
  { simpl. apply (@flim_minus R (locally (0:R)) _ State).
    eapply filterlim_comp. exact I1. exact I2.
    apply (@flim_scal R (locally (0:R)) _ State). apply filterlim_const.
    eapply filterlim_comp. apply (@flim_fst R (locally (0:R)) _ State Param _ _ I1). exact I3. }
  apply (@flim_pair R (locally (0:R)) _ State Param _ _ _ _ Hs1).
  apply (@flim_plus R (locally (0:R)) _ Param).
  apply (@flim_snd R (locally (0:R)) _ State Param _ _ I1).
  apply (@flim_scal R (locally (0:R)) _ Param).
  { apply (@filterlim_comp R R R (fun e => e) (fun e => e / b) (locally (0:R)) (locally (0:R)) (locally (0 / b : R))).
    apply filterlim_id. apply (@filterlim_scal_l R_AbsRing R_NormedModule 0 (/ b)). }
  eapply filterlim_comp.
  apply (@flim_pair R (locally (0:R)) _ Z State _ _ _ _ I1 Hs1). exact I4.
Qed.

Theorem nudged_phase_iterated_limit (t : nat) :
  iterated_limit (fun b e => D_s b e t) (opp (iterate J t (grad_ell s_star))) /\
  iterated_limit (fun b e => D_theta b e t) (C (opp (iterate J t (grad_ell s_star)))).
Proof.
assert (Hb := id_to0'). assert (Hb0 := ne0'). assert (Hk := zero_div').
destruct (@Delta_limit_closed R (locally' (0:R)) _ (fun b => b) (fun _ => 0) 0 Hb Hb0 Hk t) as [H1 [H2 _]].
rewrite (iterate_ext (modified_jacobian 0) J t (grad_ell s_star) modified_jacobian_0) in H1, H2.
split.
- exists (fun b => D_s b 0 t). split; auto.
  assert (HH := filter_and _ _ (nudged_phase_eta0 t) (nudged_phase_eta0 (1 + t))).
  refine (@filter_imp R (locally' (0:R)) _ _ _ _ HH). intros b [I1 I2].
  apply flim_to'.
  unfold D_s. apply (@flim_scal R (locally (0:R)) _ State). apply filterlim_const.
  apply (@flim_minus R (locally (0:R)) _ State).
  apply (@flim_fst R (locally (0:R)) _ State Param _ _ I2).
  apply (@flim_fst R (locally (0:R)) _ State Param _ _ I1).
- exists (fun b => scal (/ b : R_AbsRing) (rule (phase b 0 t, fst (phase b 0 (1 + t))))). split; auto.
  assert (Hz := @nudged_phase_beta0 t).
  assert (Hs' := @flim_fst R (locally' (0:R)) _ State Param _ _ (@nudged_phase_beta0 (1 + t))).
  assert (Hzs := @flim_pair R (locally' (0:R)) _ Z State _ _ _ _ Hz Hs').
  assert (N3 : locally' (0:R) (fun b : R => continuous (rule : prod_NormedModule R_AbsRing Z State -> Param)
     (phase b 0 t, fst (phase b 0 (1 + t))))) by exact (Hzs _ rule_cont_near).
  assert (HH := filter_and _ _ (nudged_phase_eta0 t) (filter_and _ _ (nudged_phase_eta0 (1 + t)) (filter_and _ _ N3 Hb0))).
  refine (@filter_imp R (locally' (0:R)) _ _ _ _ HH). intros b [I1 [I2 [I4 I5]]].
  apply filterlim_ext_loc with (fun e => scal (/ b : R_AbsRing) (rule (phase b e t, fst (phase b e (1 + t))))).
  { unfold locally', within. apply filter_forall. intros e He. unfold D_theta; simpl. module_field Param. }
  apply flim_to'.
  apply (@flim_scal R (locally (0:R)) _ Param). apply filterlim_const.
  eapply filterlim_comp.
  apply (@flim_pair R (locally (0:R)) _ Z State _ _ _ _ I1 (@flim_fst R (locally (0:R)) _ State Param _ _ I2)). exact I4.
Qed.
End CEP.
