(** * Theorem 1 without symmetry: corrected C-VF

    C-VF misses BPTT's gradients by [(J^t - (J^T)^t) grad ell] ([VectorField.v]).  Subtract
    [(J - J^T)(s - s_star)] from the transition in the second phase, and it misses them no more, on
    any vector field.

    Idea.  The corrected transition has the same steady state and the same derivative in the
    parameters, and its Jacobian at rest is [J - (J - J^T) = J^T]: the one by which BPTT goes back.
    [LinearResponse.v] never used symmetry, so all its limits, and the error bound of
    [ErrorBound.v], hold with [J^T] in the place of [J].

    Section [AnyRule] asks of the learning rule only that it vanish at rest with the derivative
    [(dF/dtheta)^T (s' - s)], so that both C-VF's and C-EP's are instances; Theorem 1 is the
    case of a symmetric Jacobian ([theorem1_as_symmetric_case]). *)

From Coq Require Import Reals Lra List Lia.
From Coquelicot Require Import Coquelicot.
From CEP Require Import Algebra Limits Gradients Dynamics Bptt LearningRules LinearResponse Potential.
From CEP Require Import ErrorBound Network VectorField VectorFieldNetwork.
Set Implicit Arguments.
Open Scope R_scope.

Section AnyRule.
Variables State Param : NM.
Notation Z := (prod_NormedModule R_AbsRing State Param).
Notation ZS := (prod_NormedModule R_AbsRing Z State).
Variables (ipS : State -> State -> R) (ipT : Param -> Param -> R).
Hypothesis HS : is_inner_product State ipS.
Hypothesis HT : is_inner_product Param ipT.
Variables (F : State * Param -> State) (ell : State -> R) (grad_ell : State -> State) (s_star : State) (theta : Param).
Variables (DF : State * Param -> State) (Jt : State -> State) (Bt : State -> Param).
Variable rule : (State * Param) * State -> Param.
Hypothesis F_diff : filterdiff (U := Z) F (locally ((s_star, theta) : Z)) DF.
Hypothesis Jt_linear : is_linear Jt.
Hypothesis Bt_linear : is_linear Bt.
Local Notation J := (dF_ds DF).
Local Notation B := (dF_dtheta DF).
Hypothesis J_transpose : forall x y, ipS (J x) y = ipS x (Jt y).
Hypothesis B_transpose : forall v y, ipS (B v) y = ipT v (Bt y).
Hypothesis rule_at_rest : rule ((s_star, theta), s_star) = zero.
Hypothesis rule_diff : filterdiff (U := ZS) rule (locally (((s_star, theta), s_star) : ZS))
  (fun h => Bt (minus (snd h) (fst (fst h)))).
Hypothesis ell_grad : is_gradient State ipS ell s_star (grad_ell s_star).
Hypothesis grad_ell_cont : continuous grad_ell s_star.
Hypothesis settled : F (s_star, theta) = s_star.
Local Notation g := (grad_ell s_star).
Local Notation J_linear := (@dF_ds_linear State Param F s_star theta DF F_diff).
Local Notation B_linear := (@dF_dtheta_linear State Param F s_star theta DF F_diff).
Local Notation F_split := (@F_diff_split State Param F s_star theta DF F_diff).

(** ** The corrected transition *)
Definition mended (z : State * Param) : State :=
  minus (F z) (minus (J (minus (fst z) s_star)) (Jt (minus (fst z) s_star))).
Local Notation mended_Delta_s := (Delta_s mended grad_ell rule s_star theta).
Local Notation mended_Delta_theta := (Delta_theta mended grad_ell rule s_star theta).

Lemma asymmetry_linear : is_linear (fun x : State => minus (J x) (Jt x)).
Proof.
assert (L := @is_linear_comp R_AbsRing State State State _ _ Jt_linear (@is_linear_opp R_AbsRing State)).
exact (@is_linear_comp R_AbsRing State _ State _ _ (@is_linear_prod R_AbsRing State State State _ _ J_linear L) (@is_linear_plus R_AbsRing State)).
Qed.
Lemma correction_at (s s' : State) :
  minus (minus (J (minus s' s_star)) (Jt (minus s' s_star))) (minus (J (minus s s_star)) (Jt (minus s s_star)))
  = minus (J (minus s' s)) (Jt (minus s' s)).
Proof.
etransitivity. symmetry. exact (linear_minus _ (minus s' s_star) (minus s s_star) asymmetry_linear).
cbv beta. assert (E : minus (minus s' s_star) (minus s s_star) = minus s' s) by module State. rewrite E. reflexivity.
Qed.
Lemma mended_at_rest : mended (s_star, theta) = s_star.
Proof.
unfold mended; simpl. assert (E : minus s_star s_star = zero) by module State. rewrite E, settled.
assert (E1 : J zero = zero) by exact (linear_zero _ J_linear). assert (E2 : Jt zero = zero) by exact (linear_zero _ Jt_linear).
rewrite E1, E2. module State.
Qed.
Lemma correction_diff (z : Z) :
  filterdiff (U := Z) (fun z => minus (J (minus (fst z) s_star)) (Jt (minus (fst z) s_star))) (locally z)
    (fun h => minus (J (fst h)) (Jt (fst h))).
Proof.
assert (L : is_linear (U := Z) (fun h : Z => minus (J (fst h)) (Jt (fst h))))
  by exact (@is_linear_comp R_AbsRing Z State State _ _ (@is_linear_fst R_AbsRing State Param) asymmetry_linear).
split. exact L.
intros x Hx eps. apply filter_forall. intros y.
assert (E : minus (minus (minus (J (minus (fst y) s_star)) (Jt (minus (fst y) s_star))) (minus (J (minus (fst x) s_star)) (Jt (minus (fst x) s_star))))
  (minus (J (minus (fst y) (fst x))) (Jt (minus (fst y) (fst x)))) = zero) by (rewrite correction_at; module State).
eapply Rle_trans. right; apply f_equal; exact E.
rewrite norm_zero. apply Rmult_le_pos. left; apply cond_pos. apply norm_ge_0.
Qed.
(** Its Jacobian is the transposed one. *)
Lemma mended_diff : filterdiff (U := Z) mended (locally ((s_star, theta) : Z)) (fun h => plus (Jt (fst h)) (B (snd h))).
Proof.
eapply filterdiff_ext_lin. exact (filterdiff_minus_fct _ _ _ _ F_split (correction_diff (s_star, theta))).
intros [a b]; simpl. module State.
Qed.

(** ** BPTT *)
Lemma bptt_by_transposes (t : nat) :
  is_gradient State ipS (fun s => ell (free_phase F theta t s)) s_star (iterate Jt t g) /\
  is_gradient Param ipT (fun th => ell (free_phase F theta t (F (s_star, th)))) theta (Bt (iterate Jt t g)).
Proof.
assert (E : nabla_s g Jt t = iterate Jt t g) by (induction t; simpl; congruence).
rewrite <- E. split.
- exact (@bptt_gradient_state State Param ipS HS F ell g s_star theta J B settled F_split ell_grad B_linear Jt J_transpose t).
- exact (@bptt_gradient_param State Param ipS ipT HS HT F ell g s_star theta J B settled F_split ell_grad J_linear B_linear Jt Bt J_transpose B_transpose t).
Qed.

(** ** The limits *)
Lemma Bt_opp y : Bt (opp y) = opp (Bt y).
Proof. exact (linear_opp Bt y Bt_linear). Qed.

Theorem mended_limit_at_fixed_kappa {T : Type} (FF : (T -> Prop) -> Prop) {HF : Filter FF} (beta eta : T -> R) (kappa : R) :
  filterlim beta FF (locally (0:R)) -> FF (fun x => beta x <> 0) -> FF (fun x => eta x <> 0) ->
  filterlim (fun x => eta x / beta x) FF (locally (kappa:R)) -> forall t,
  let v := iterate (modified_jacobian Jt B Bt kappa) t g in
  filterlim (fun x => mended_Delta_s (beta x) (eta x) t) FF (locally (opp v)) /\
  filterlim (fun x => mended_Delta_theta (beta x) (eta x) t) FF (locally (opp (Bt v))).
Proof.
intros Hb Hb0 He0 Hk t v.
destruct (@Delta_limit_closed State Param mended grad_ell rule s_star theta Jt B Bt Jt_linear B_linear Bt_linear mended_at_rest rule_at_rest
  mended_diff rule_diff grad_ell_cont T FF HF beta eta kappa Hb Hb0 Hk t) as [L1 [_ L3]].
split. exact L1. rewrite <- Bt_opp. exact (L3 He0).
Qed.

Theorem mended_iterated_limit (t : nat) (g_s : State) (g_th : Param) :
  locally ((s_star, theta) : Z) (fun z => continuous (F : Z -> State) z) ->
  locally s_star (fun s => continuous grad_ell s) ->
  locally (((s_star, theta), s_star) : ZS) (fun p => continuous (rule : ZS -> Param) p) ->
  is_gradient State ipS (fun s => ell (free_phase F theta t s)) s_star g_s ->
  is_gradient Param ipT (fun th => ell (free_phase F theta t (F (s_star, th)))) theta g_th ->
  iterated_limit (fun beta eta => mended_Delta_s beta eta t) (opp g_s) /\
  iterated_limit (fun beta eta => mended_Delta_theta beta eta t) (opp g_th).
Proof.
intros cF cg cr Hs Hth. destruct (bptt_by_transposes t) as [G1 G2].
rewrite (gradient_unique HS Hs G1), (gradient_unique HT Hth G2), <- Bt_opp.
apply (@nudged_phase_iterated_limit State Param mended grad_ell rule s_star theta Jt B Bt Jt_linear B_linear Bt_linear mended_at_rest rule_at_rest
  mended_diff rule_diff grad_ell_cont); auto.
refine (@filter_imp Z _ _ _ _ _ cF). intros z Cz.
apply (@flim_minus Z (locally z) _ State). exact Cz.
exact (@filterdiff_continuous R_AbsRing Z State _ z (ex_intro _ _ (correction_diff z))).
Qed.

(** ** The error at given beta and eta *)
Theorem mended_error (d : problem_data) (t : nat) (beta eta : R) :
  nonnegative d ->
  (forall x, norm (Jt x) <= norm_J d * norm x) -> (forall v, norm (B v) <= norm_B d * norm v) ->
  (forall x, norm (Bt x) <= norm_C d * norm x) ->
  (forall s th, norm (minus s s_star) <= radius d -> norm (minus th theta) <= radius d ->
     norm (minus (minus (F (s, th)) s_star) (DF (minus s s_star, minus th theta)))
       <= remainder_F d * (norm (minus s s_star) + norm (minus th theta)) ^ 2) ->
  (forall s s' th, norm (minus s s_star) <= radius d -> norm (minus s' s_star) <= radius d -> norm (minus th theta) <= radius d ->
     norm (minus (rule ((s, th), s')) (Bt (minus s' s)))
       <= 2 * remainder_Phi_theta d * (norm (minus s s_star) + norm (minus s' s_star) + norm (minus th theta)) ^ 2) ->
  norm g <= norm_grad d ->
  (forall s, norm (minus s s_star) <= radius d -> norm (minus (grad_ell s) g) <= lipschitz_grad d * norm (minus s s_star)) ->
  beta <> 0 -> Rabs beta + Rabs (eta / beta) <= validity_radius d t ->
  norm (plus (mended_Delta_s beta eta t) (iterate Jt t g)) <= state_constant d t * (Rabs beta + Rabs (eta / beta)) /\
  (eta <> 0 -> norm (plus (mended_Delta_theta beta eta t) (Bt (iterate Jt t g))) <= param_constant d t * (Rabs beta + Rabs (eta / beta))).
Proof.
intros Hd BJ BB BC RF RR Bg Lg Hb Hr.
apply (@nudged_phase_error State Param mended grad_ell rule s_star theta Jt B Bt d Hd Jt_linear B_linear Bt_linear); auto.
intros s th H1 H2. eapply Rle_trans. 2: exact (RF s th H1 H2). right. apply f_equal.
assert (E : DF (minus s s_star, minus th theta) = plus (J (minus s s_star)) (B (minus th theta)))
  by exact (@split_lin State Param State DF (proj1 F_diff) (minus s s_star, minus th theta)).
rewrite E. unfold mended; simpl. module State.
Qed.
End AnyRule.

Arguments mended {State Param}.

(** ** Corrected C-VF *)
Section CorrectedCVF.
Variable N : vector_field.
Hypothesis differentiable : vf_differentiable N.
Hypothesis transposes : vf_transposes N.
Hypothesis at_rest : vf_settled N.
Local Notation rest := ((vf_s_star N, vf_theta N) : vf_joint N).
Local Notation g := (vf_grad_ell N (vf_s_star N)).

Lemma rule_vanishes : vf_rule (vf_H N) ((vf_s_star N, vf_theta N), vf_s_star N) = zero.
Proof. destruct transposes as [_ [L _]]. exact (@VectorField.vf_rule_at_rest _ _ (vf_s_star N) (vf_theta N) (vf_H N) L). Qed.
Lemma rule_derivative :
  filterdiff (U := prod_NormedModule R_AbsRing (vf_joint N) (vf_State N)) (vf_rule (vf_H N))
    (locally (((vf_s_star N, vf_theta N), vf_s_star N) : prod_NormedModule R_AbsRing (vf_joint N) (vf_State N)))
    (fun h => vf_Bt N (minus (snd h) (fst (fst h)))).
Proof. destruct transposes as [_ [L [_ [_ C]]]]. exact (@vf_rule_diff _ _ (vf_s_star N) (vf_theta N) (vf_H N) L C). Qed.

Theorem vf_bptt_gradients (t : nat) : vf_loss_differentiable N ->
  vf_is_nabla_s N t (iterate (vf_Jt N) t g) /\ vf_is_nabla_theta N t (vf_Bt N (iterate (vf_Jt N) t g)).
Proof.
intros [Hl _]. destruct transposes as [_ [_ [T1 [T2 _]]]].
exact (@bptt_by_transposes _ _ _ _ (vf_dot_state_inner N) (vf_dot_param_inner N) _ _ _ _ _ _ _ _ differentiable T1 T2 Hl at_rest t).
Qed.

Theorem corrected_iterated_limit (t : nat) (g_s : vf_State N) (g_th : vf_Param N) :
  vf_loss_differentiable N -> vf_continuous_nearby N -> vf_is_nabla_s N t g_s -> vf_is_nabla_theta N t g_th ->
  iterated_limit (corrected_Delta_state N t) (opp g_s) /\ iterated_limit (corrected_Delta_param N t) (opp g_th).
Proof.
intros [Hl Hc] [C1 [C2 C3]] Hs Hth. destruct transposes as [L1 [L2 [T1 [T2 _]]]].
exact (@mended_iterated_limit _ _ _ _ (vf_dot_state_inner N) (vf_dot_param_inner N) (vf_F N) (vf_ell N) (vf_grad_ell N) _ _ _ _ _ _ differentiable
  L1 L2 T1 T2 rule_vanishes rule_derivative Hl Hc at_rest t g_s g_th C1 C2 C3 Hs Hth).
Qed.

Theorem corrected_joint_limit (T : Type) (along : (T -> Prop) -> Prop) (HF : Filter along) (beta eta : T -> R) (kappa : R) (t : nat) :
  continuous (vf_grad_ell N) (vf_s_star N) ->
  filterlim beta along (locally (0:R)) -> along (fun x => beta x <> 0) -> along (fun x => eta x <> 0) ->
  filterlim (fun x => eta x / beta x) along (locally (kappa:R)) ->
  let modified y := plus (vf_Jt N y) (scal (kappa : R_AbsRing) (vf_B N (vf_Bt N y))) in
  let v := iterate modified t g in
  filterlim (fun x => corrected_Delta_state N t (beta x) (eta x)) along (locally (opp v)) /\
  filterlim (fun x => corrected_Delta_param N t (beta x) (eta x)) along (locally (opp (vf_Bt N v))).
Proof.
intros Hc Hb Hb0 He0 Hk. destruct transposes as [L1 [L2 [T1 [T2 _]]]].
exact (@mended_limit_at_fixed_kappa _ _ _ (vf_grad_ell N) _ _ _ _ _ _ differentiable L1 L2 rule_vanishes rule_derivative Hc at_rest
  T along HF beta eta kappa Hb Hb0 He0 Hk t).
Qed.

(** With [eta / beta -> 0], minus the gradients. *)
Theorem corrected_joint_limit_0 (T : Type) (along : (T -> Prop) -> Prop) (HF : Filter along) (beta eta : T -> R)
  (t : nat) (g_s : vf_State N) (g_th : vf_Param N) :
  vf_loss_differentiable N ->
  filterlim beta along (locally (0:R)) -> along (fun x => beta x <> 0) -> along (fun x => eta x <> 0) ->
  filterlim (fun x => eta x / beta x) along (locally (0:R)) ->
  vf_is_nabla_s N t g_s -> vf_is_nabla_theta N t g_th ->
  filterlim (fun x => corrected_Delta_state N t (beta x) (eta x)) along (locally (opp g_s)) /\
  filterlim (fun x => corrected_Delta_param N t (beta x) (eta x)) along (locally (opp g_th)).
Proof.
intros HL Hb Hb0 He0 Hk Hs Hth. destruct (vf_bptt_gradients t HL) as [G1 G2].
rewrite (gradient_unique (vf_dot_state_inner N) Hs G1), (gradient_unique (vf_dot_param_inner N) Hth G2).
rewrite <- (iterate_ext (fun y => plus (vf_Jt N y) (scal (0 : R_AbsRing) (vf_B N (vf_Bt N y)))) (vf_Jt N)).
exact (@corrected_joint_limit T along HF beta eta 0 t (proj2 HL) Hb Hb0 He0 Hk).
intros y. module (vf_State N).
Qed.

Theorem corrected_error_bound (d : problem_data) (t : nat) (g_s : vf_State N) (g_th : vf_Param N) :
  vf_loss_differentiable N -> nonnegative d -> vf_bounds N d -> vf_is_nabla_s N t g_s -> vf_is_nabla_theta N t g_th ->
  forall beta eta : R, beta <> 0 -> Rabs beta + Rabs (eta / beta) <= validity_radius d t ->
  norm (plus (corrected_Delta_state N t beta eta) g_s) <= state_constant d t * (Rabs beta + Rabs (eta / beta)) /\
  (eta <> 0 -> norm (plus (corrected_Delta_param N t beta eta) g_th) <= param_constant d t * (Rabs beta + Rabs (eta / beta))).
Proof.
intros HL Hd [BJ [BB [BC [RF [RH [Bg Lg]]]]]] Hs Hth beta eta Hb Hr. destruct (vf_bptt_gradients t HL) as [G1 G2].
rewrite (gradient_unique (vf_dot_state_inner N) Hs G1), (gradient_unique (vf_dot_param_inner N) Hth G2).
destruct transposes as [L1 [L2 [T1 [T2 _]]]].
apply (@mended_error _ _ (vf_F N) (vf_grad_ell N) (vf_s_star N) (vf_theta N) (vf_DF N) (vf_Jt N) (vf_Bt N) (vf_rule (vf_H N)) differentiable L1 L2 d t beta eta); auto.
intros s s' th H1 H2 H3. unfold vf_rule; simpl.
eapply Rle_trans. exact (RH s th (minus s' s) H1 H3).
assert (M : 0 <= remainder_Phi_theta d) by (destruct Hd as [? [? [? [? [? ?]]]]]; auto).
assert (Nw : norm (minus s' s) <= norm (minus s' (vf_s_star N)) + norm (minus s (vf_s_star N))).
{ replace (minus s' s) with (minus (minus s' (vf_s_star N)) (minus s (vf_s_star N))) by module (vf_State N).
  eapply Rle_trans. apply norm_triangle. apply Rplus_le_compat_l. right. apply norm_opp. }
set (a := norm (minus s (vf_s_star N))) in *. set (b := norm (minus s' (vf_s_star N))) in *. set (c := norm (minus th (vf_theta N))) in *.
assert (0 <= a) by apply norm_ge_0. assert (0 <= b) by apply norm_ge_0. assert (0 <= c) by apply norm_ge_0.
assert (0 <= norm (minus s' s)) by apply norm_ge_0.
apply Rle_trans with (remainder_Phi_theta d * ((a + c) * (b + a))).
rewrite Rmult_assoc. apply Rmult_le_compat_l; auto. apply Rmult_le_compat_l; lra.
apply Rle_trans with (remainder_Phi_theta d * (2 * (a + b + c) ^ 2)). 2: right; ring.
apply Rmult_le_compat_l; auto. nra.
Qed.

(** Plain C-VF at a fixed ratio, by [vf_limit_at_fixed_kappa] of [VectorField.v]. *)
Theorem plain_joint_limit (T : Type) (along : (T -> Prop) -> Prop) (HF : Filter along) (beta eta : T -> R) (kappa : R) (t : nat) :
  continuous (vf_grad_ell N) (vf_s_star N) ->
  filterlim beta along (locally (0:R)) -> along (fun x => beta x <> 0) -> along (fun x => eta x <> 0) ->
  filterlim (fun x => eta x / beta x) along (locally (kappa:R)) ->
  let modified y := plus (vf_J N y) (scal (kappa : R_AbsRing) (vf_B N (vf_Bt N y))) in
  let v := iterate modified t g in
  filterlim (fun x => plain_Delta_state N t (beta x) (eta x)) along (locally (opp v)) /\
  filterlim (fun x => plain_Delta_param N t (beta x) (eta x)) along (locally (opp (vf_Bt N v))).
Proof.
intros Hc Hb Hb0 He0 Hk. destruct transposes as [_ [L2 [_ [_ C]]]].
exact (@VectorField.vf_limit_at_fixed_kappa _ _ (vf_F N) (vf_grad_ell N) (vf_s_star N) (vf_theta N) (vf_J N) (vf_B N) (vf_H N)
  (@dF_ds_linear _ _ _ _ _ _ differentiable) (@dF_dtheta_linear _ _ _ _ _ _ differentiable) L2 (@F_diff_split _ _ _ _ _ _ differentiable)
  C Hc at_rest T along HF beta eta kappa Hb Hb0 He0 Hk t).
Qed.

(** A symmetric Jacobian leaves nothing to correct, at any [beta], [eta] and [t]. *)
Theorem corrected_is_plain : (forall x, vf_J N x = vf_Jt N x) -> forall beta eta t,
  cvf_less N (asymmetry N) beta eta t = nudged_phase (vf_F N) (vf_grad_ell N) (vf_rule (vf_H N)) (vf_s_star N) (vf_theta N) beta eta t.
Proof.
intros Hsym beta eta t. induction t as [|t IH]. reflexivity.
assert (E : forall z, less N (asymmetry N) z = vf_F N z).
{ intros z. unfold less, asymmetry. rewrite Hsym. module (vf_State N). }
unfold cvf_less in *. simpl. rewrite IH. unfold nudged_step. now rewrite E.
Qed.
End CorrectedCVF.

(** ** Theorem 1 is the symmetric case *)

Section SymmetricCase.
Variable N : network.

(** [J^T = J] by the primitive function: [mended] is [F], and the rule is C-EP's. *)
Theorem theorem1_as_symmetric_case (t : nat) (g_s : State N) (g_th : Param N) :
  has_primitive_function N -> twice_differentiable N -> loss_differentiable N ->
  continuous_nearby N -> settled N ->
  is_nabla_s N t g_s -> is_nabla_theta N t g_th ->
  iterated_limit (Delta_state N t) (opp g_s) /\ iterated_limit (Delta_param N t) (opp g_th).
Proof.
intros HP [DF [DPhi [HF HPhi]]] [Hl Hc] [C1 [C2 C3]] HS Hs Hth.
set (J := dF_ds DF).
assert (Sym : forall x y, dot_state N (J x) y = dot_state N x (J y))
  by exact (@jacobian_symmetric _ _ _ _ (dot_state_inner N) (dot_param_inner N) _ _ _ _ _ HP _ _ HF HPhi).
assert (Adj : forall v y, dot_state N (dF_dtheta DF v) y = dot_param N v (dPhi_theta_ds DPhi y))
  by exact (@mixed_derivative_adjoint _ _ _ _ (dot_state_inner N) (dot_param_inner N) _ _ _ _ _ HP _ _ HF HPhi).
assert (JL := @dF_ds_linear _ _ _ _ _ _ HF). assert (CL := @dPhi_theta_ds_linear _ _ _ _ _ _ HPhi).
assert (X := @mended_iterated_limit _ _ _ _ (dot_state_inner N) (dot_param_inner N) (F N) (ell N) (grad_ell N) _ _ DF J (dPhi_theta_ds DPhi)
  (ep_rule (Phi_theta N)) HF JL CL Sym Adj (@ep_rule_at_rest _ _ (Phi_theta N) (s_star N) (theta N))
  (@ep_rule_diff _ _ _ _ _ _ HPhi) Hl Hc HS t g_s g_th C1 C3 (@ep_rule_cont _ _ _ _ _ C2) Hs Hth).
assert (E : forall z, mended (F N) (s_star N) DF J z = F N z) by (intros z; unfold mended; fold J; module (State N)).
assert (P : forall beta eta i, nudged_phase (mended (F N) (s_star N) DF J) (grad_ell N) (ep_rule (Phi_theta N)) (s_star N) (theta N) beta eta i
  = nudged_phase (F N) (grad_ell N) (ep_rule (Phi_theta N)) (s_star N) (theta N) beta eta i).
{ intros beta eta i. induction i as [|i IH]. reflexivity. simpl. rewrite IH. unfold nudged_step. now rewrite E. }
destruct X as [[D1 [X1 X1']] [D2 [X2 X2']]]. split; [exists D1 | exists D2]; (split; [|assumption]).
- refine (@filter_imp R _ _ _ _ _ X1). intros b Hb. eapply filterlim_ext; [|exact Hb].
  intros e. unfold Delta_state, Delta_s. now rewrite !P.
- refine (@filter_imp R _ _ _ _ _ X2). intros b Hb. eapply filterlim_ext; [|exact Hb].
  intros e. unfold Delta_param, Delta_theta. now rewrite !P.
Qed.
End SymmetricCase.
